local basin, toy = require "basin", require "toy"
local close, refused = toy.close, toy.refused

local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The last layer's 3 filters are the rows of a matrix [3, 288]: its step has three singular values near lr. The bias
-- gets Adam's first step, and what has no gradient stays.
local change = toy.trained("muon-first", 1, basin.optimizer "muon" { lr = 0.01, adam_lr = 1e-3 })
local singular = (change[last] ^ 2):sum():item() / 0.01 ^ 2
assert(singular > 3 * 0.6 ^ 2 and singular < 3 * 1.3 ^ 2, singular)
close(change["out.2.bias"]:abs():max():item(), 1e-3, 1e-4)
assert(change[first]:abs():max():item() == 0)

-- The other scale: 0.2 sqrt(288) times as far.
local rms = toy.trained("muon-rms", 1, basin.optimizer "muon" { lr = 0.01, scale = "rms" })
close((rms[last] ^ 2):sum():item() / (change[last] ^ 2):sum():item(), 0.04 * 288, 1e-3)

-- A layer that is given to Adam moves by adam_lr.
local given = toy.trained("muon-adam", 1, basin.optimizer "muon" { lr = 0.01, adam_lr = 1e-3, adam_for = "out.2" })
close(given[last]:abs():max():item(), 1e-3, 1e-4)

local _, _, losses = toy.trained("muon-learns", 40, basin.optimizer "muon" { lr = 0.02, adam_lr = 3e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("no other parameter", function() toy.trained("muon-refused", 1, basin.optimizer "muon" { adam_for = "head" }) end)
refused("scale", function() return basin.optimizer "muon" { scale = "spectral" } end)
print "ok"
