"""From a result link to a whole, verified file at its destination, and on to where it is published."""
