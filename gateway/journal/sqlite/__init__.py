"""The journal in one SQLite file, for one process at a time.

`store.Sqlite` is its door; `writer` is the thread behind it, `book` the file as that thread has it open, `tables` what
stands in it. For people, beside a gateway that serves: `reader` looks, `byhand` changes a row with a reason.
"""
