package plugintest

import (
	"reflect"
	"slices"
	"sync"

	"github.com/payhost/payhost/sdk/plugintest/base"
)

// manifestChecks are those of the base level, which the host makes too when a plugin is added, and what needs more than a manifest.
func manifestChecks() []check {
	var list []check
	for _, c := range base.ManifestChecks() {
		list = append(list, check{Check: Check{c.Name, c.Why}, run: func(k *kit) {
			w := k.closedWorld()
			for _, problem := range c.Of(w.manifest) {
				k.Errorf("%s", problem)
			}
			if c.Name == "manifest_operations" {
				manifestOffers(w)
			}
		}})
	}
	stable := check{
		Check: Check{"manifest_stable", "Describe is called often and from several processes; two answers would make two generations of one plugin disagree"},
		run:   manifestStable,
	}
	return slices.Insert(list, 1, stable)
}

func manifestStable(k *kit) {
	w := k.closedWorld()
	first := k.harness.Provider.Describe()
	ok := w.finishes("1000 calls of Describe", func() {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 250 {
					if again := k.harness.Provider.Describe(); !reflect.DeepEqual(first, again) {
						k.Errorf("Describe returned something else than before")
						return
					}
				}
			})
		}
		wg.Wait()
	})
	if ok && w.traffic.len() > 0 {
		k.Errorf("Describe called the provider %d times", w.traffic.len())
	}
	if over := w.manifest; over.Name != first.Name || over.Version != first.Version || !reflect.DeepEqual(over.Abilities, first.Abilities) {
		k.Errorf("the manifest the host sees is another one: %s %s", over.Name, over.Version)
	}
}

// manifestOffers compares what the account offers with what the manifest lists.
func manifestOffers(w *world) {
	w.open()
	for _, a := range w.offers {
		if !w.manifest.Abilities.Has(a) {
			w.Errorf("the account offers %s, which the manifest does not list", a)
		}
	}
}
