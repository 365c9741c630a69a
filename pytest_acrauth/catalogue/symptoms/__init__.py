"""What can be seen, and how it is recognised: in what a climb or a client check recorded, and in what programs print.

One module for each stage. What several stages show stands at the first of them: the firewall's refusal and the limit
of requests in `challenge`, a fault of the registry in `exchange`. What every stage can show is in `climb`, what is
about the programs of this machine in `client`. What exists in print only is in `management`, where the management
plane or the directory says it, else in `text`.
"""
