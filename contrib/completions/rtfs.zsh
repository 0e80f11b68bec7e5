#compdef rtfs
_rtfs() {
	local -a found
	local cur=${words[CURRENT]}
	local -a before=("${(@)words[1,CURRENT-1]}")
	if (( ! ${before[(Ie)--]} )); then
		[[ $cur == -* ]] && before+=(-)
		found=("${(@f)$("${before[@]}" --generate-bash-completion 2>/dev/null)}")
	fi
	if [[ -n ${found[1]} ]]; then
		compadd -- "${found[@]}"
	else
		_files
	fi
}
if [[ ${funcstack[1]} == _rtfs ]]; then
	_rtfs "$@"
else
	compdef _rtfs rtfs
fi
