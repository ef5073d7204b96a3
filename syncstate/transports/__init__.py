"""Floor 6. The only modules that touch the outside: a link is given one of them."""
