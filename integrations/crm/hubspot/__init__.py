"""HubSpot: the vendor folder. ``vendor.HubSpotVendor`` is what ``CRM_VENDORS`` names."""
