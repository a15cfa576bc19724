// Where lines and progress of plugins go, and whether the user has asked to stop.
#pragma once
#include <basin/core.h>

#include <atomic>
#include <functional>
#include <string>

namespace basin {

// A line a plugin wrote. `library`: the file whose code wrote it, "" where that is not known. Called on any thread, one
// call at a time. No sink: lines go to standard error.
using LogSink = std::function<void(int32_t severity, const std::string& line, const std::string& library)>;
void set_log_sink(LogSink sink);

// `done` of `total` units of `what`. No sink: progress is not shown.
using ProgressSink = std::function<void(const std::string& what, int64_t done, int64_t total)>;
void set_progress_sink(ProgressSink sink);

// Ctrl-C sets it (it is lock-free, so a signal handler may); who has stopped what was running clears it.
std::atomic<bool>& interrupted();

}  // namespace basin
