package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// The completion libraries for kong have not been touched in years, and the grammar knows all that is needed: the
// shells' scripts ask a hidden command, which walks it.

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"One of ${enum}."`
}

// Help is part of --help.
func (completionCommand) Help() string {
	return `bash: source <(atlant completion bash)
zsh:  source <(atlant completion zsh)
fish: atlant completion fish | source`
}

// Run prints a script for the shell to read.
func (s completionCommand) Run(c *console) error {
	_, err := fmt.Fprint(c.out, completionScripts[s.Shell])
	return err
}

var completionScripts = map[string]string{
	"bash": `_atlant() {
    local IFS=$'\n'
    COMPREPLY=($(atlant __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _atlant atlant
`,
	"zsh": `#compdef atlant
_atlant() {
    local -a candidates
    candidates=("${(@f)$(atlant __complete "${(@)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\:/g' -e $'s/\t/:/')}")
    if [[ -n "$candidates" ]]; then _describe atlant candidates; else _files; fi
}
if [[ "$funcstack[1]" = _atlant ]]; then _atlant "$@"; else compdef _atlant atlant; fi
`,
	"fish": `function __atlant_complete
    set -l typed (commandline -ct)
    atlant __complete (commandline -opc)[2..] "$typed" 2>/dev/null
end
complete -c atlant -f -a '(__atlant_complete)'
complete -c atlant -n '__fish_seen_subcommand_from fetch inspect' -F
`,
}

// completeCommand is what the scripts call: the words after the program's name, the last one as far as it is typed.
type completeCommand struct {
	Words []string `arg:"" optional:""`
}

// Run prints candidates, each with a tab and what it is for.
func (w completeCommand) Run(c *console, k *kong.Kong) error {
	for _, candidate := range complete(k.Model.Node, w.Words) {
		if _, err := fmt.Fprintln(c.out, candidate); err != nil {
			return err
		}
	}
	return nil
}

// complete walks the grammar along the words and returns what the last one can become.
func complete(node *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	typed := words[len(words)-1]
	var valued *kong.Flag // the flag whose value comes next
	for _, word := range words[:len(words)-1] {
		if valued != nil {
			valued = nil
		} else if strings.HasPrefix(word, "-") {
			valued = flagWithValue(node, word)
		} else if child := childNamed(node, word); child != nil {
			node = child
		}
	}
	var candidates []string
	switch {
	case valued != nil:
		candidates = enumValues(valued.Value)
	case strings.HasPrefix(typed, "-"):
		candidates = flagNames(node)
	default:
		candidates = argumentNames(node)
	}
	return slices.DeleteFunc(candidates, func(s string) bool { return !strings.HasPrefix(s, typed) })
}

// flagWithValue returns the flag that a word names, if its value is the next word.
func flagWithValue(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			if "--"+flag.Name == word && !flag.IsBool() {
				return flag
			}
		}
	}
	return nil
}

func childNamed(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

func flagNames(node *kong.Node) []string {
	var names []string
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			names = append(names, described("--"+flag.Name, flag.Help))
		}
	}
	return names
}

// argumentNames returns the commands that can follow, or the values that an argument can have.
func argumentNames(node *kong.Node) []string {
	var names []string
	for _, child := range node.Children {
		if !child.Hidden {
			names = append(names, described(child.Name, child.Help))
		}
	}
	for _, argument := range node.Positional {
		names = append(names, enumValues(argument)...)
	}
	return names
}

func enumValues(value *kong.Value) []string {
	if value.Enum == "" {
		return nil
	}
	return value.EnumSlice()
}

func described(name, help string) string {
	if help == "" {
		return name
	}
	return name + "\t" + help
}
