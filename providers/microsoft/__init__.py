"""Microsoft 365 and Outlook.com, through Microsoft Graph v1.0."""
