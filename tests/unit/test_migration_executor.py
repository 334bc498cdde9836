"""Copies of the models' state, which operations compare with the state after them."""

from tortoise import fields
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_generator.state_apps import StateApps

from service.database.migration_executor import CurrentState


def test_a_copied_state_keeps_the_models_as_they_were_before_later_operations() -> None:
    state = CurrentState(models={}, apps=StateApps())
    create = ops.CreateModel(
        "Film",
        [("id", fields.IntField(primary_key=True)), ("title", fields.TextField())],
        {"table": "films"},
    )
    create.state_forward("movies", state)
    before = state.clone()
    ops.RemoveField("Film", "title").state_forward("movies", state)
    ops.AddField("Film", "year", fields.IntField(null=True)).state_forward("movies", state)
    ops.CreateModel("User", [("id", fields.IntField(primary_key=True))]).state_forward(
        "movies", state
    )
    assert set(before.apps.apps["movies"]) == {"Film"}
    assert set(before.apps.get_model("movies.Film")._meta.fields_map) == {"id", "title"}
    assert set(state.apps.get_model("movies.Film")._meta.fields_map) == {"id", "year"}
