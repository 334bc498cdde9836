export default {
  "discovery.trending": "Hier gerade beliebt",
  "discovery.popular": "Am besten bewertet"
};
