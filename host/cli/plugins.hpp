// basin plugins: what was found, where, and why something was not.
#pragma once

namespace basin::cli {

int list_plugins(bool why);

}  // namespace basin::cli
