// Files from the network, and what is in archives.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace basin::cli {

// A URL (http, https or file) into `file`, behind what is there of it already. bytes: how long it will be, where known,
// else 0. The program curl does it: it has the machine's own proxies and certificates, and nothing of it is linked.
// Error: what curl said; what arrived stays.
void download(const std::string& url, const std::filesystem::path& file, int64_t bytes);

std::string md5_of(const std::filesystem::path& file);  // 32 digits, by the program md5sum

// Unpacks a tar archive, plain or compressed, into a folder that is made for it, files and folders alone. Error: it
// cannot be read, or has members that lead out of the folder or are links; the folder is gone again.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder);

}  // namespace basin::cli
