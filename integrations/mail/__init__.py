"""Mail: sends notices through SMTP, or into a folder of files for demo and development."""
