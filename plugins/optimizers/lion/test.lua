local basin, toy = require "basin", require "toy"
local close, refused = toy.close, toy.refused

local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The first step moves every weight that has a gradient by lr.
local change = toy.trained("lion-first", 1, basin.optimizer "lion" { lr = 1e-3 })
close(change[last]:abs():max():item(), 1e-3, 1e-5)
close(change[last]:abs():mean():item(), 1e-3, 1e-5)
assert(change[first]:abs():max():item() == 0)

-- Decoupled decay: weights without a gradient shrink by lr times weight_decay and no more.
local decayed, before = toy.trained("lion-decay", 1, basin.optimizer "lion" { lr = 1e-2, weight_decay = 0.5 })
assert((decayed[first] + before[first] * 0.005):abs():max():item() < 1e-7)

local _, _, losses = toy.trained("lion-learns", 40, basin.optimizer "lion" { lr = 1e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("beta1", function() return basin.optimizer "lion" { beta1 = 1.5 } end)
print "ok"
