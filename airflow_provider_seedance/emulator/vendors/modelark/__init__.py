"""BytePlus ModelArk and Volcengine Ark, which serve the Ark protocol under their own model ids."""

NAME = "modelark"
