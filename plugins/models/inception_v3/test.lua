local basin = require "basin"

-- What it computes is held to PyPI's implementations in tests/metrics/inception.cpp. Weights of pytorch-fid's network
-- after folding: 23,833,744.
local model = basin.model "inception_v3" {}
assert(model.count == 23833744)

basin.model "inception_v3" { layer = 192 }  -- a choice that is a number may be given as one

local ok, message = pcall(function()
  return basin.model "inception_v3" { weights = "nowhere.safetensors" }
end)
assert(not ok and tostring(message):find("nowhere.safetensors", 1, true), message)
print "ok"
