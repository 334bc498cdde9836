"""What all packages hold about a person: the list that exports and deletions go through."""

from service.accounts.personal_data import PersonalData
from service.community.personal_data import COMMUNITY_DATA

PERSONAL_DATA: tuple[PersonalData, ...] = (COMMUNITY_DATA,)
