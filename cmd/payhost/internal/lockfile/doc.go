// Package lockfile keeps the list of plugin binaries that may run, and the store they run from.
//
// A [Lock] is data_dir/plugins.lock.json. It pins, for each provider, version and platform, every file by its SHA-256.
// serve runs nothing else. [Lock.Select] picks the version to run and [Plan] verifies its bytes; a mismatch is refused
// with the file, the expected and the found digest, and what to do about it.
//
// [Store] is data_dir/plugins: NAME/VERSION/payhost-provider-NAME, written once and never changed. [Store.Add] copies a
// binary there and pins it. Between the two steps the machine may stop: the copy is then without effect, because nothing
// pins it, and adding it again ends well.
package lockfile
