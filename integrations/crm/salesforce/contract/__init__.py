"""A strict local Salesforce for tests and the demo: no internet, the same contract.

``ContractServer`` answers on 127.0.0.1 for one org; ``Outbound`` sends its messages.
simple-salesforce speaks only to ``https://*.salesforce.com``, so our client mounts an
adapter that sends these requests here and keeps the host name (``SALESFORCE_CONTRACT_URL``).
What is not asked as the vendor documents it is refused, never guessed.

How sure we are, per part (V run with the real client library, S read in its source,
D vendor's documentation, C third party, K not checked - ``VERIFY_LIVE.md`` lists every K):

| part | evidence |
| --- | --- |
| token address: client credentials with Basic, JWT bearer RS256 | V/S; texts of refusals K |
| query, queryAll, nextRecordsUrl, Sforce-Query-Options | V; locator's life and batch sizes K |
| SOQL: AND and OR only with brackets, date-times without quotes | D |
| error bodies as an array of message, errorCode, fields | K, and what the library expects (V) |
| getUpdated and getDeleted: 30 days, seconds cut off, start before end | D |
| Sforce-Limit-Info, 403 REQUEST_LIMIT_EXCEEDED without Retry-After | D/C |
| 401 INVALID_SESSION_ID | V |
| describe, PATCH | S; codes of refusals K |
| MasterRecordId of a merged account, fifteen days of recycle bin | K |
| Outbound Messages: 100, Ack, 24 hours, any order, repeats | D |
"""

from integrations.crm.salesforce.contract.outbound import Outbound
from integrations.crm.salesforce.contract.server import ContractServer
from integrations.crm.salesforce.contract.state import Fault, Org

__all__ = ["ContractServer", "Fault", "Org", "Outbound"]
