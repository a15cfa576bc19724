local basin, toy = require "basin", require "toy"
local close, refused = toy.close, toy.refused

local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The first step moves every weight that has a gradient by lr: there is no change of the gradient yet.
local change = toy.trained("adan-first", 1, basin.optimizer "adan" { lr = 1e-3 })
close(change[last]:abs():max():item(), 1e-3, 1e-4)
close(change[last]:abs():mean():item(), 1e-3, 1e-3)
assert(change[first]:abs():max():item() == 0)

-- Decay divides weights without a gradient by 1 + lr weight_decay.
local decayed, before = toy.trained("adan-decay", 1, basin.optimizer "adan" { lr = 1e-2, weight_decay = 0.5 })
assert((decayed[first] + before[first] * (1 - 1 / 1.005)):abs():max():item() < 1e-7)

local _, _, losses = toy.trained("adan-learns", 40, basin.optimizer "adan" { lr = 5e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("beta3", function() return basin.optimizer "adan" { beta4 = 0.9 } end)
print "ok"
