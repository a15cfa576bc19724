-- The kernel and the host's operators give one model: the same losses, and it learns.
local basin = require "basin"

local data = basin.dataset "gaussian" { count = 256, size = 8, std = 0.25 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local function train(kernel)
  return basin.run { name = "test-gated-" .. kernel, device = "auto", precision = "fp32" }:train {
    model = basin.model "gated" { image = 8, channels = 16, blocks = 2, kernel = kernel }, data = data, process = process,
    steps = 40, batch = 16, optimizer = basin.optimizer "adam" { lr = 5e-3 },
  }.loss
end
local fused, plain = train "fused", train "plain"
assert(fused < 0.9, fused)  -- 1 at first: it predicts 0
assert(math.abs(fused - plain) < 1e-3 * plain, fused .. " and " .. plain)
print "ok"
