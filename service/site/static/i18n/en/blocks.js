export default {
  "blocks.title": "People whose reviews you do not see",
  "blocks.detail": "You block people from one of their reviews or from their profile. They are not told.",
  "blocks.none": "You block nobody.",
  "blocks.start": "Block",
  "blocks.start_named": "Block {name}",
  "blocks.end": "No longer block",
  "blocks.end_named": "No longer block {name}",
  "blocks.started": "You see no more reviews of {name}.",
  "blocks.ended": "You see the reviews of {name} again.",
  "blocks.undo": "Undo",
  "blocks.of_profile": "You block this person, and see none of their reviews."
};
