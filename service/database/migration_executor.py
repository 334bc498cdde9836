"""Run Tortoise's migrations without a copy of all models before each operation.

Tortoise copies the models for operations that need them as they were, and most do not. Of the three
seconds of CPU that a new database took, two made copies that nothing read.
"""

from functools import cached_property

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps


class StateCopy(State):
    """A state as it was when it was copied; its model classes are made when they are needed."""

    def __init__(self, models: dict[tuple[str, str], ModelState], apps: StateApps) -> None:
        self.models = models
        self._source_apps = apps

    @cached_property
    def apps(self) -> StateApps:  # type: ignore[override]  # a field of the base class
        return self._source_apps.clone(model_states=self.models)


class CurrentState(State):
    """The state that operations change; copies of it are cheap."""

    def clone(self) -> StateCopy:
        models = {key: model.clone() for key, model in self.models.items()}
        return StateCopy(models, self.apps)


class LazyMigrationExecutor(MigrationExecutor):
    """Apply migrations to a `CurrentState`."""

    async def _project_state(
        self, applied: set[MigrationKey], *, upto: MigrationKey | None = None
    ) -> State:
        state = await super()._project_state(applied, upto=upto)
        return CurrentState(state.models, state.apps)
