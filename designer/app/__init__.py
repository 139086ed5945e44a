"""The application: everything is put together here."""
