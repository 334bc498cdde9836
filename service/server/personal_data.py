"""What all packages hold about a person: the list that exports and deletions go through."""

from service.accounts.export_parts import ACCOUNT_DATA
from service.accounts.personal_data import PersonalData
from service.community.export_parts import FILM_ROWS_DATA
from service.community.personal_data import COMMUNITY_DATA
from service.exports.service import EXPORT_DATA

PERSONAL_DATA: tuple[PersonalData, ...] = (
    ACCOUNT_DATA,
    COMMUNITY_DATA,
    FILM_ROWS_DATA,
    EXPORT_DATA,
)
