"""CRM sync: facts about customers, read from the CRM where sales keep them.

The core (models, rules, actions, tasks) speaks no vendor's language. A vendor is one folder
beside it that implements ``integrations.crm.vendor.Vendor`` and is named in ``CRM_VENDORS``.
"""
