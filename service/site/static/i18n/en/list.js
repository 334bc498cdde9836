export default {
  "list.title": "List",
  "list.none": "There is no such list",
  "list.none.detail": "It has been deleted, or it is private. If it is yours, log in to see it.",
  "list.by": "A list by",
  "list.films": { "one": "{n} film", "other": "{n} films" },
  "list.changed": "changed",
  "list.seen_by.private": "only you see it",
  "list.seen_by.unlisted": "anyone with its address sees it",
  "list.seen_by.public": "everybody sees it",
  "list.edit": "Edit",
  "list.empty": "The list has no films yet.",
  "list.deleted": "no longer in the catalogue"
};
