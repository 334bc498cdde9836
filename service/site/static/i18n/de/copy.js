export default {
  "copy.done": "Kopiert",
  "copy.failed": "Kopieren ist hier nicht möglich",
  "copy.close": "Erledigt"
};
