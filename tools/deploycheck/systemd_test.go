package deploycheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wantUnit has systemd read the unit, with the program where it is, and fails unless it is as confined as can be asked of
// what serves and fetches over the network: an exposure of 1.5 of 10, as systemd reckons it.
func wantUnit(t *testing.T, atlant string) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatalf("%v: it is in Debian's package systemd", err)
	}
	unit := string(read(t, "deploy/systemd/atlant.service"))
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/atlant (.*)$`).FindStringSubmatch(unit)
	if command == nil {
		t.Fatal("the unit does not start /usr/local/bin/atlant")
	}
	file := filepath.Join(t.TempDir(), "atlant.service")
	if err := os.WriteFile(file, []byte(strings.Replace(unit, "/usr/local/bin/atlant", atlant, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	// What it dislikes it says, and ends well all the same.
	said, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", file).CombinedOutput()
	if complaints := regexp.MustCompile(`(?m)^.*atlant\.service.*$`).FindString(string(said)); err != nil || complaints != "" {
		t.Errorf("%v: %s", err, said)
	}
	output(t, root, nil, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", file)
	help := string(output(t, root, nil, atlant, strings.Fields(command[1])[0], "--help"))
	for _, variable := range regexp.MustCompile(`ATLANT_[A-Z_]+`).FindAllString(unit, -1) {
		if !strings.Contains(help, "$"+variable+")") {
			t.Errorf("atlant %s does not read %s", command[1], variable)
		}
	}
}
