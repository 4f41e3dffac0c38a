"""The requests that the methods of both clients make; no network here."""
