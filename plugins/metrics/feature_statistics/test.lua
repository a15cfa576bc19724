local basin = require "basin"

local features = basin.model "small_features" { pretrained = false }
local data = basin.dataset "shapes" { count = 300, size = 16, seed = 1 }
local other = basin.dataset "shapes" { count = 200, size = 16, seed = 2 }

-- Against the file as against the data. What the files of other programs hold is tested in tests/metrics/statistics.cpp.
local written = basin.metric("feature_statistics", { features = features, to = "written.npz" }):measure(data)
assert(written.count == 300 and written.variance > 0)
assert(written.protocol.numbers == "32 features, 300 images" and written.protocol.written == "written.npz")
local from_data = basin.metric("fid", { features = features }):measure(other, data)
local from_file = basin.metric("fid", { features = features, statistics = "written.npz" }):measure(other)
assert(math.abs(from_data.fid - from_file.fid) < 1e-9 * (1 + from_data.fid))
assert(math.abs(from_data.low - from_file.low) < 1e-9 * (1 + from_data.fid))
assert(from_file.protocol.reference == "written.npz: mu and sigma", from_file.protocol.reference)
assert(from_file.protocol.numbers == "32 features, 200 images against 300", from_file.protocol.numbers)

-- Of two extractors in one file: each finds its own.
local logits = basin.model "small_features" { pretrained = false, layer = "logits" }
basin.metric("feature_statistics", { features = features, spatial = logits, to = "both.npz" }):measure(data)
for arrays, extractor in pairs { ["mu and sigma"] = features, ["mu_s and sigma_s"] = logits } do
  local from_both = basin.metric("fid", { features = extractor, statistics = "both.npz" }):measure(other)
  assert(from_both.protocol.reference == "both.npz: " .. arrays, from_both.protocol.reference)
  local alone = basin.metric("fid", { features = extractor }):measure(other, data).fid
  assert(math.abs(from_both.fid - alone) < 1e-9 * (1 + alone))
end

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
-- The same numbers of features, and other features: the weights are in the file's text.
refused("and these are of small_features { pretrained = true", function()
  return basin.metric("fid", { features = basin.model "small_features" {}, statistics = "written.npz" }):measure(other)
end)
refused("leave one out", function()
  return basin.metric("fid", { features = features, statistics = "written.npz" }):measure(other, data)
end)
refused("at least 2 images, but got 1", function()
  return basin.metric("feature_statistics", { features = features }):measure(data:images(1, 1))
end)
refused("nowhere/written.npz' cannot be written", function()
  return basin.metric("feature_statistics", { features = features, to = "nowhere/written.npz" }):measure(data)
end)
print "ok"
