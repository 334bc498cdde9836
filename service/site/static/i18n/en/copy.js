export default {
  "copy.done": "Copied",
  "copy.failed": "Copying is not possible here",
  "copy.close": "I have it"
};
