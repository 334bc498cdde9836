export default {
  "discovery.trending": "Trending here",
  "discovery.popular": "Rated best"
};
