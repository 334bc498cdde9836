export default {
  "blocks.title": "Personen, deren Kritiken Sie nicht sehen",
  "blocks.detail": "Blockieren können Sie jemanden an einer Kritik oder im Profil. Die Person erfährt nichts davon.",
  "blocks.none": "Sie blockieren niemanden.",
  "blocks.start": "Blockieren",
  "blocks.start_named": "{name} blockieren",
  "blocks.end": "Nicht mehr blockieren",
  "blocks.end_named": "{name} nicht mehr blockieren",
  "blocks.started": "Sie sehen keine Kritiken von {name} mehr.",
  "blocks.ended": "Sie sehen die Kritiken von {name} wieder.",
  "blocks.undo": "Rückgängig",
  "blocks.of_profile": "Sie blockieren diese Person und sehen keine ihrer Kritiken."
};
