// basin plugins: what was found, where, and why something was not.
#pragma once
#include <string>

namespace basin::cli {

int list_plugins(bool why);
// Of one component, or of files of this name: each place in the order of search, and what was found there. 1: it cannot
// be used.
int explain_plugin(const std::string& name);

}  // namespace basin::cli
