export default {
  "list.title": "Liste",
  "list.none": "Diese Liste gibt es nicht",
  "list.none.detail": "Sie wurde gelöscht, oder sie ist privat. Ist es Ihre, melden Sie sich an, um sie zu sehen.",
  "list.by": "Eine Liste von",
  "list.films": { "one": "{n} Film", "other": "{n} Filme" },
  "list.changed": "geändert",
  "list.seen_by.private": "nur Sie sehen sie",
  "list.seen_by.unlisted": "wer ihre Adresse hat, sieht sie",
  "list.seen_by.public": "alle sehen sie",
  "list.edit": "Bearbeiten",
  "list.empty": "Die Liste hat noch keine Filme.",
  "list.deleted": "nicht mehr im Katalog"
};
