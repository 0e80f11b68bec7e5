package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

var update = flag.Bool("update", false, "rewrite the README's tables of options and exit codes")

// TestReferenceOfCommandLine compares two tables in the README with the code.
func TestReferenceOfCommandLine(t *testing.T) {
	checkBlock(t, "options", optionTable(t))
	checkBlock(t, "exit codes", exitTable(t))
}

// checkBlock compares what the README has between two markers.
func checkBlock(t *testing.T, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(readme), begin)
	got, tail, closed := strings.Cut(rest, end)
	switch {
	case !ok || !closed:
		t.Fatalf("README.md lacks the markers %q and %q", begin, end)
	case got == want:
	case !*update:
		t.Errorf("README.md does not have the %s as the code has them: run make docs", name)
	default:
		if err := os.WriteFile("README.md", []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func optionTable(t *testing.T) string {
	t.Helper()
	app := (newProgram(nil, &bytes.Buffer{}, &bytes.Buffer{})).app()
	var b strings.Builder
	b.WriteString("| option of `mount` | default | |\n|---|---|---|\n")
	for _, f := range app.Command("mount").Flags {
		if f, ok := f.(cli.VisibleFlag); ok && !f.IsVisible() {
			continue
		}
		f, ok := f.(cli.DocGenerationFlag)
		if !ok {
			t.Fatalf("%v has no documentation", f)
		}
		names := make([]string, 0, 2)
		for _, name := range f.Names() {
			names = append(names, map[bool]string{true: "`-", false: "`--"}[len(name) == 1]+name+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(names, ", "), strings.Trim(defaultOf(f), `"`), f.GetUsage())
	}
	return b.String()
}

// defaultOf is the default of an option that takes a value, "" if it is none.
func defaultOf(f cli.DocGenerationFlag) string {
	if !f.TakesValue() {
		return ""
	}
	return f.GetDefaultText()
}

// exitTable reads the constants of exit.go with their comments.
func exitTable(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| exit code | |\n|---|---|\n")
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "exit") {
			return true
		}
		fmt.Fprintf(&b, "| %s | %s |\n", spec.Values[0].(*ast.BasicLit).Value, strings.TrimSpace(spec.Comment.Text()))
		return true
	})
	return b.String()
}

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	markdownCode = regexp.MustCompile("(?ms)^```.*?^```|`[^`\n]*`")
)

// TestLinksResolve follows each link of each page that stays in this
// repository, and counts the words of the README: it is to be read.
func TestLinksResolve(t *testing.T) {
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(docs, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text := markdownCode.ReplaceAllString(read(t, page), "")
		for _, link := range markdownLink.FindAllStringSubmatch(text, -1) {
			path, _, _ := strings.Cut(link[1], "#")
			if path == "" || strings.Contains(path, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), path)); err != nil {
				t.Errorf("%s links to %s: %v", page, link[1], err)
			}
		}
	}
	const most = 4200
	if words := len(strings.Fields(strings.ReplaceAll(read(t, "README.md"), "|", " "))); words > most {
		t.Errorf("README.md has %d words, want at most %d", words, most)
	}
}

// TestPagesExist looks for each page that CONTRIBUTING.md names.
func TestPagesExist(t *testing.T) {
	for _, name := range regexp.MustCompile("`([\\w/]+\\.(?:go|md|sh|py))`").FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		if _, err := os.Stat(name[1]); err != nil && name[1] != "doc.go" {
			t.Errorf("CONTRIBUTING.md names %s: %v", name[1], err)
		}
	}
}

// TestContributingQuotesRealRows wants the example of how a file is added to be
// what the tables hold.
func TestContributingQuotesRealRows(t *testing.T) {
	page, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	var table string
	quoted := 0
	for l := range strings.Lines(string(page)) {
		if name, ok := strings.CutPrefix(l, "    --- "); ok {
			content, err := os.ReadFile(strings.TrimSpace(name))
			if err != nil {
				t.Fatal(err)
			}
			table = strings.Join(strings.Fields(string(content)), " ")
		}
		if row, ok := strings.CutPrefix(l, "    +"); ok {
			quoted++
			if !strings.Contains(table, strings.Join(strings.Fields(row), " ")) {
				t.Errorf("no row %s", row)
			}
		}
	}
	if quoted == 0 {
		t.Error("no row is quoted")
	}
}

// TestTestsOfReliabilityExist looks for each test that docs/reliability.md
// names, and for one in each row of its tables of faults.
func TestTestsOfReliabilityExist(t *testing.T) {
	declared := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, f := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(read(t, path), -1) {
				declared[f[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	test := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`)
	text := read(t, "docs/reliability.md")
	for _, name := range test.FindAllString(text, -1) {
		if !declared[name] {
			t.Errorf("docs/reliability.md names %s, which is no test", name)
		}
	}
	ofTests := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			ofTests = false
		case strings.HasSuffix(line, "| test |"):
			ofTests = true
		case ofTests && !strings.HasPrefix(line, "|---") && !test.MatchString(line):
			t.Errorf("docs/reliability.md has a row without a test: %s", line)
		}
	}
}
