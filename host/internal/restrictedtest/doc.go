// Package restrictedtest runs tests of a package once more where little is allowed: as a user who is not root and has no
// capabilities, below a root that is mounted read-only, with a temporary directory from which nothing can be executed, and as the
// first process of a process namespace. That is how hardened containers run a host.
//
// [Run] starts the test's own binary again in such an environment; [Enter], the first call in TestMain, makes it. Neither changes
// anything for the process that calls Run, or for the system. Where the system forbids part of it, the nearest environment that it
// allows is used, and the log of the test says what was not shown.
//
// Only Linux has such environments.
package restrictedtest

// Arg is the first argument of a process that [Run] has started. What follows are the kind of the environment, the directory made
// for it, the temporary directory, the user's number, the group's, and the flags of the tests.
const Arg = "restricted-environment"
