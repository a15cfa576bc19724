// report.html: what one or several runs were and found, in one file that needs nothing else: style, script, curves and
// pictures are inside. Made from the run folders alone, so that it can be made again at any time.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace basin {

// Tables of results with intervals and protocol, curves, sample grids, configuration with origins, scripts,
// environment; several runs side by side. What a folder lacks is left out, and a record that cannot be read is said in
// a sentence. title: "": the runs' names. Error: no run, or the file cannot be written.
void write_report(const std::filesystem::path& file, const std::vector<std::filesystem::path>& runs,
                  const std::string& title = "");

}  // namespace basin
