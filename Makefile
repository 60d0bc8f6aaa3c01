# For who types make; all of it is the launcher's work, which fetches what it needs.
.PHONY: build test test-coverage run

# There is nothing to compile: Node.js and the packages of the lockfile are put in place.
build:
	./volary --version

test:
	./volary test

# And writes what the tests have been through into coverage/: of the code that runs in them, not of the servers that they start.
test-coverage:
	./volary test --coverage

# PORT=8080 has Aetherium at the root of that port.
run:
	./volary serve
