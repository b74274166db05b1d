define d { notify { "d ${title}": } }
@d { 'a': }
@d { 'b': }
realize(D['b'])
