"""Pages for customers: what they asked, what they are promised, what comes next."""
