"""Stories: what each kind of person comes for, told in a real browser."""
