_rtfs() {
	local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]} word
	local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	COMPREPLY=()
	for word in "${words[@]}"; do
		[[ $word == -- ]] && return
	done
	[[ $cur == -* ]] && words+=(-)
	COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _rtfs rtfs
