"""What all packages hold about a person: the list that exports and deletions go through."""

from service.accounts.personal_data import PersonalData

PERSONAL_DATA: tuple[PersonalData, ...] = ()
