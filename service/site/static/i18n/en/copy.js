export default {
  "copy.link": "Copy the link",
  "copy.done": "Copied",
  "copy.failed": "Copying is not possible here",
  "copy.close": "I have it"
};
