export default {
  "copy.link": "Link kopieren",
  "copy.done": "Kopiert",
  "copy.failed": "Kopieren ist hier nicht möglich",
  "copy.close": "Erledigt"
};
