"""A strict stand-in for HubSpot's API and webhooks, on this machine only; tests and demo use it.

Standard library only. Each module says the evidence for what it does, by letter: **V** run
against the vendor's library or its published vectors, **S** read in the library's source, **D**
read in the vendor's documentation, **C** from third parties, **K** not checked. What is K or C is
listed in ``VERIFY_LIVE.md`` beside this file, to be checked with a real account.

| what | evidence |
| --- | --- |
| paths, request and answer shapes of search, batch read, list, properties, merge, token | S, V |
| search: 200 a page, 10,000 results, 3,000 characters, 5 groups, 18 filters, one sort | D |
| search never finds archived records and lags behind changes | D |
| 5 searches a second; 190 calls in ten seconds; headers, absent on searches; 429 bodies | D, C |
| 423, 477, 5xx; 207 of a batch; error fields | D |
| webhook array, at most 100 events, signature v3, 5 s, ten attempts, no order, duplicates | D, V |
| a batch of at most 100 inputs; ids of merged records; bumps by writes that change nothing | K |
"""
